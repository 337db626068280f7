// Keys: the same ones everywhere, and none of them while somebody writes.

import { prefs } from './prefs.svelte';

// What a key does; false where it did nothing after all.
export type Doing = () => boolean | void;

const layers: Record<string, Doing>[] = [];
// A second key after `g`.
const FOLLOWS_MS = 1_500;
let begun: { key: string; at: number } | undefined;
// Whether Esc left a field just before.
let left = false;

// Puts keys in force over those before, until what is returned is called.
export function bind(keys: Record<string, Doing>): () => void {
  layers.push(keys);
  return () => {
    const index = layers.indexOf(keys);
    if (index >= 0) layers.splice(index, 1);
  };
}

function writes(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type);
}

// Leaves the field that somebody writes in. Gives whether Esc has done enough by that: it also has where it is pressed
// twice, as people do, and left a field the first time.
export function leaveField(): boolean {
  const field = document.activeElement;
  const was = left;
  left = field instanceof HTMLElement && field.matches('input, select, textarea');
  if (left) (field as HTMLElement).blur();
  return left || was;
}

export function press(event: KeyboardEvent): void {
  if (event.key !== 'Escape') left = false;
  if (event.defaultPrevented || event.isComposing) return;
  const isChord = event.ctrlKey || event.metaKey;
  // Alt belongs to the browser and to languages whose letters need it.
  if (event.altKey) return;
  if (isChord && event.key.toLowerCase() !== 'k') return;
  const inDialog = document.querySelector('dialog[open]') !== null;
  // A dialog is closed by its own Esc, before anything behind it.
  if (!isChord && (inDialog || (event.key !== 'Escape' && (writes(event.target) || !prefs.keys)))) return;
  const pressed = isChord ? 'ctrl+k' : event.key;
  const isSecond = begun !== undefined && event.timeStamp - begun.at < FOLLOWS_MS;
  const name = isSecond && begun ? `${begun.key} ${pressed}` : pressed;
  begun = undefined;
  for (let index = layers.length - 1; index >= 0; index -= 1) {
    const doing = layers[index]?.[name];
    if (doing && doing() !== false) {
      event.preventDefault();
      return;
    }
  }
  if (pressed === 'g') begun = { key: 'g', at: event.timeStamp };
}
