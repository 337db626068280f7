// What the screens of knowledge say.

import { Said } from '../catalogue.svelte';
import { en, type Words } from './en';

const said = new Said<Words>(en, async () => (await import('./de')).de);
// What imports this is shown once it can speak.
await said.speak();

// The catalogue in force.
export function k(): Words {
  return said.t;
}
