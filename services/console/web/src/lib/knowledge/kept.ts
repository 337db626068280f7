// What was typed into drafts and not saved, for as long as the page is open and nobody else signs in: words that may be
// personal are kept nowhere else.

import type { Solution } from '../../gen/aftercall/model/v1/solution_pb';
import { session } from '../session.svelte';
import type { Form } from './form';

interface Kept {
  base: Solution;
  form: Form;
}

class KeptForms {
  #forms = new Map<string, Kept>();
  #whose = '';

  get(solution: Solution): Kept | undefined {
    this.#look();
    return this.#forms.get(keyOf(solution));
  }

  keep(base: Solution, form: Form | undefined): void {
    this.#look();
    if (form) this.#forms.set(keyOf(base), { base, form });
    else this.#forms.delete(keyOf(base));
  }

  #look(): void {
    const whose = JSON.stringify([session.who?.tenant, session.who?.actor]);
    if (whose !== this.#whose) this.#forms.clear();
    this.#whose = whose;
  }
}

const keyOf = ({ solutionId, version }: Solution) => `${solutionId}/${version}`;

export const keptForms = new KeptForms();
