// The address is the state: which screen, of whom, by which filters.

export type Screen =
  | 'board' | 'customer' | 'search' | 'promise' | 'review' | 'solutions' | 'insight' | 'settings' | 'sessions' | 'sign-in';

const SCREENS: ReadonlySet<string> = new Set<Screen>([
  'board',
  'customer',
  'search',
  'promise',
  'review',
  'solutions',
  'sessions',
  'insight',
  'settings',
  'sign-in',
]);

class Router {
  #url = $state.raw(new URL(location.href));
  readonly screen = $derived.by((): Screen | 'nowhere' => {
    const first = segments(this.#url)[0] ?? 'board';
    return SCREENS.has(first) ? (first as Screen) : 'nowhere';
  });
  // What the screen is about: a customer's or promise's id.
  readonly subject = $derived(segments(this.#url)[1] ?? '');
  // Which of the things that the screen is about, where it is about several.
  readonly item = $derived(segments(this.#url)[2] ?? '');
  readonly query = $derived(this.#url.searchParams);
  readonly here = $derived(this.#url.pathname + this.#url.search);

  constructor() {
    addEventListener('popstate', () => {
      this.#url = new URL(location.href);
    });
  }

  go(to: string): void {
    const url = new URL(to, location.origin);
    if (url.origin !== location.origin) return;
    if (url.href !== this.#url.href) window.history.pushState(steps() + 1, '', url);
    this.#url = url;
    window.scrollTo(0, 0);
  }

  // To where somebody was before, but never out of the console.
  back(): void {
    if (steps() > 0) window.history.back();
    else this.go('/board');
  }

  // Changes the address of what is shown, without a further step to go back.
  replace(to: string): void {
    const url = new URL(to, location.origin);
    if (url.origin !== location.origin) return;
    window.history.replaceState(window.history.state, '', url);
    this.#url = url;
  }

  // The address here with other filters. A filter without a value is left out.
  with(changes: Record<string, string | string[] | undefined>): string {
    const query = new URLSearchParams(this.#url.search);
    for (const [name, value] of Object.entries(changes)) {
      query.delete(name);
      for (const one of Array.isArray(value) ? value : [value ?? '']) {
        if (one !== '') query.append(name, one);
      }
    }
    const text = query.toString();
    return this.#url.pathname + (text === '' ? '' : `?${text}`);
  }
}

// How many steps of the console lead to here.
const steps = () => Number(window.history.state);

function segments(url: URL): string[] {
  return url.pathname.split('/').filter(Boolean).map(decoded);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const router = new Router();

export function customerAt(id: string): string {
  return `/customer/${encodeURIComponent(id)}`;
}

export function promiseAt(id: string): string {
  return `/promise/${encodeURIComponent(id)}`;
}

// Follows links within the console without loading it again.
export function follow(event: MouseEvent): void {
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!plain || event.defaultPrevented || !link || link.target !== '' || link.hasAttribute('download')) return;
  if (link.origin !== location.origin || link.hash !== '') return;
  event.preventDefault();
  router.go(link.href);
}
