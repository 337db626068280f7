// What is said of evidence: what is behind numbers, struggles, slip-ups.

import { Said } from '../catalogue.svelte';
import { en } from './evidence.en';

export const evidence = new Said(en, async () => (await import('./evidence.de')).de);
