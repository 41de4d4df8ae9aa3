/** Day or night, remembered on the device; without a choice the system's. */

export type Theme = 'light' | 'dark';

const KEY = 'outpace.theme';

function first(): Theme {
  if (typeof window === 'undefined') return 'light';
  const kept = window.localStorage.getItem(KEY);
  if (kept === 'light' || kept === 'dark') return kept;
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

class Appearance {
  theme: Theme = $state(first());

  toggle(): void {
    this.theme = this.theme === 'dark' ? 'light' : 'dark';
    window.localStorage.setItem(KEY, this.theme);
  }
}

/** One for the page. */
export const appearance = new Appearance();
