// What Insight says around each of its views.

import { Said } from '../catalogue.svelte';
import { en } from './frame.en';

export const said = new Said(en, async () => (await import('./frame.de')).de);
