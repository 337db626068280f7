// A line as RFC 4180 has it. What a spreadsheet would take for a formula is told to be text; a number is none.
export function csv(cells: string[]): string {
  const safe = (cell: string) => (/^[=+\-@\t\r]/.test(cell) && !/^-\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell);
  return cells.map((cell) => `"${safe(cell).replaceAll('"', '""')}"`).join(',');
}
