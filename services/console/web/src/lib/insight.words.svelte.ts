// What Insight says.

import { Said } from './catalogue.svelte';
import { en } from './insight.en';

export const said = new Said(en, async () => (await import('./insight.de')).de);
