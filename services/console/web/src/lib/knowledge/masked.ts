// Personal words that gave way to placeholders: where those stand, and what a reviewer puts back.

import type { MaskedWord } from '../../gen/aftercall/model/v1/solution_pb';

// A piece of a text; one that is a placeholder says which it is among those of its text.
export interface Piece {
  text: string;
  word?: MaskedWord;
  at: number;
}

// A text in its pieces. Places are counted in bytes of UTF-8; one that does not fit the text is passed over.
export function pieces(text: string, words: MaskedWord[]): Piece[] {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const part = (from: number, to: number) => decoder.decode(bytes.subarray(from, to));
  const list: Piece[] = [];
  let from = 0;
  words.forEach((word, at) => {
    const end = word.offset + word.length;
    if (word.offset < from || word.length === 0 || end > bytes.length) return;
    if (word.offset > from) list.push({ text: part(from, word.offset), at: -1 });
    list.push({ text: part(word.offset, end), word, at });
    from = end;
  });
  if (from < bytes.length) list.push({ text: part(from, bytes.length), at: -1 });
  return list;
}

// The text with what is put back in the place of its placeholders; where nothing is, they stay.
export function restored(text: string, words: MaskedWord[], back: readonly string[]): string {
  return pieces(text, words)
    .map((piece) => (piece.at >= 0 && (back[piece.at] ?? '').trim() !== '' ? (back[piece.at] ?? '').trim() : piece.text))
    .join('');
}

// What stands around a placeholder, so that one can be told from another.
export function around(text: string, words: MaskedWord[], at: number, chars = 24): { before: string; after: string } {
  const list = pieces(text, words);
  const index = list.findIndex((piece) => piece.at === at);
  const side = (some: Piece[]) => some.map((piece) => piece.text).join('');
  const [before, after] = [[...side(list.slice(0, Math.max(0, index)))], [...side(list.slice(index + 1))]];
  return {
    before: before.length > chars ? `…${before.slice(-chars).join('')}` : before.join(''),
    after: after.length > chars ? `${after.slice(0, chars).join('')}…` : after.join(''),
  };
}
