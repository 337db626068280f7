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

// Those of a field whose placeholders stand in the text where they did at first: whoever wrote in it may have moved them.
export function standing(field: string, text: string, words: MaskedWord[]): MaskedWord[] {
  const own = words.filter((word) => word.field === field);
  const there = new Set(pieces(text, own).filter((piece) => piece.word && /^\[[^\]]+\]$/.test(piece.text)).map((piece) => piece.word));
  return own.filter((word) => there.has(word));
}

// A word that is hidden, in which field, and what is around it.
export interface Hidden<K extends string> {
  key: K;
  word: MaskedWord;
  placeholder: string;
  before: string;
  after: string;
}

// All that is hidden in some fields, each with its text and its key in a form.
export function hiddenIn<K extends string>(fields: readonly (readonly [field: string, key: K, text: string])[], words: MaskedWord[]): Hidden<K>[] {
  return fields.flatMap(([field, key, text]) => {
    const own = standing(field, text, words);
    return pieces(text, own).flatMap(({ word, text: placeholder, at }) => (word ? [{ key, word, placeholder, ...around(text, own, at) }] : []));
  });
}

// The text with one of equal placeholders replaced, the `nth` from 0; as it was where there are fewer.
export function replaced(text: string, placeholder: string, nth: number, by: string): string {
  let at = -1;
  for (let n = 0; n <= nth; n += 1) {
    at = text.indexOf(placeholder, at + 1);
    if (at < 0) return text;
  }
  return text.slice(0, at) + by + text.slice(at + placeholder.length);
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
