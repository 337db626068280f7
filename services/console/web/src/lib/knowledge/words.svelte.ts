// What the screens of knowledge say. Only the language that is spoken is loaded.

import { prefs } from '../prefs.svelte';
import { en, type Words } from './en';

let german: Words | undefined = $state.raw();
let coming: Promise<void> | undefined;

function learn(): Promise<void> {
  coming ??= import('./de').then(
    ({ de }) => {
      german = de;
    },
    // English is there in any case.
    () => {
      coming = undefined;
    },
  );
  return coming;
}

if (prefs.language === 'de') await learn();

// The catalogue in force.
export function k(): Words {
  if (prefs.language !== 'de') return en;
  if (german === undefined) void learn();
  return german ?? en;
}

export function percent(share: number): string {
  return new Intl.NumberFormat(prefs.language, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}
