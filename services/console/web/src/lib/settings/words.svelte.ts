// What Settings says.

import { Said } from '../catalogue.svelte';
import { en } from './en';

export const said = new Said(en, async () => (await import('./de')).de);
