// What somebody prefers, kept in this browser.

export type Theme = 'auto' | 'light' | 'dark';
export type Zone = 'mine' | 'customer' | 'utc';
export type Language = 'en' | 'de';

interface Kept {
  theme: Theme;
  zone: Zone;
  language: Language;
  comfortable: boolean;
  keys: boolean;
}

const PLACE = 'aftercall.preferences';

function usual(): Kept {
  const language = navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
  return { theme: 'auto', zone: 'mine', language, comfortable: false, keys: true };
}

function read(): Kept {
  const known = usual();
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return known;
    const { theme, zone, language, comfortable, keys } = kept as Record<string, unknown>;
    if (theme === 'light' || theme === 'dark') known.theme = theme;
    if (zone === 'customer' || zone === 'utc') known.zone = zone;
    if (language === 'en' || language === 'de') known.language = language;
    if (typeof comfortable === 'boolean') known.comfortable = comfortable;
    if (typeof keys === 'boolean') known.keys = keys;
  } catch {
    // What can't be read is as good as never said.
  }
  return known;
}

export const prefs: Kept = $state(read());

export function keepPrefs(): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify(prefs));
  } catch {
    // A browser that keeps nothing shows the same as long as the page is open.
  }
}
