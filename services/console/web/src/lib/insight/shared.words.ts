// What several views call things.

import { Said } from '../catalogue.svelte';
import { en } from './shared.en';

export const shared = new Said(en, async () => (await import('./shared.de')).de);
