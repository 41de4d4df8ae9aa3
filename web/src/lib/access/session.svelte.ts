/** The token of who is signed in, for this tab only, and requests that carry it. */

import type { SignIn, SignedIn, Text } from '../live';

const KEY = 'outpace.token';

/** Why the server refused, in both languages; `null` where it did not say. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly text: Text | null,
  ) {
    super(text?.en ?? `HTTP ${status}`);
  }
}

async function refusal(answer: Response): Promise<Refused> {
  const body = (await answer.json().catch(() => null)) as { zh?: unknown; en?: unknown } | null;
  const both = body && typeof body.zh === 'string' && typeof body.en === 'string';
  return new Refused(answer.status, both ? { zh: String(body.zh), en: String(body.en) } : null);
}

class Session {
  token: string | null = $state(typeof window === 'undefined' ? null : window.sessionStorage.getItem(KEY));

  /** Signs in and keeps the token. Throws {@link Refused}. */
  async signIn(request: SignIn): Promise<void> {
    const answer = await fetch('api/access/sign-in', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (!answer.ok) throw await refusal(answer);
    const signedIn = (await answer.json()) as SignedIn;
    this.token = signedIn.token;
    window.sessionStorage.setItem(KEY, signedIn.token);
  }

  signOut(): void {
    this.token = null;
    window.sessionStorage.removeItem(KEY);
  }

  /** The text of a GET. Throws {@link Refused}. */
  async get(path: string): Promise<string> {
    const headers: Record<string, string> = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    const answer = await fetch(path, { headers });
    if (!answer.ok) throw await refusal(answer);
    return answer.text();
  }
}

/** One for the page. */
export const session = new Session();
