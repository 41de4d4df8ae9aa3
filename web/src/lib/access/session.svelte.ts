/** Who is signed in, in the memory of this page only, and requests that carry the token. A reload forgets it. */

import type { SignedIn, SignIn, Text } from '../live';
import { parse, type Check } from '../stream/checks';
import { signedInCheck } from '../stream/contract';

/** Why the server refused, in both languages; `null` where it did not say. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly text: Text | null,
    /** Stable code of the refusal; empty where there is none. */
    readonly code = '',
  ) {
    super(text?.en ?? `HTTP ${status}`);
  }
}

async function refusal(answer: Response): Promise<Refused> {
  const body = (await answer.json().catch(() => null)) as { zh?: unknown; en?: unknown; code?: unknown } | null;
  const both = body && typeof body.zh === 'string' && typeof body.en === 'string';
  const text = both ? { zh: String(body.zh), en: String(body.en) } : null;
  return new Refused(answer.status, text, typeof body?.code === 'string' ? body.code : '');
}

/** An answer that is not what the contract promises. */
function broken(path: string): Refused {
  return new Refused(0, { zh: `服务器在 ${path} 处发来的内容有误。`, en: `The server sent something wrong at ${path}.` });
}

class Session {
  token: string | null = $state(null);
  /** The role of who is signed in, as the server names it. */
  role: string | null = $state(null);
  /** The account may sign in, but may not watch the page. */
  outside = $state(false);

  /** Signs in and keeps the token. Throws {@link Refused}. */
  async signIn(request: SignIn): Promise<void> {
    const signedIn: SignedIn = await this.post('api/access/sign-in', request, signedInCheck);
    this.outside = false;
    this.role = signedIn.actor.role;
    this.token = signedIn.token;
  }

  signOut(): void {
    this.token = null;
    this.role = null;
  }

  /** The text of a GET. Throws {@link Refused}. */
  async get(path: string): Promise<string> {
    const answer = await fetch(path, { headers: this.#headers(), cache: 'no-store' });
    if (!answer.ok) throw await refusal(answer);
    return answer.text();
  }

  /** A GET, checked. Throws {@link Refused}. */
  async read<T>(path: string, check: Check<T>): Promise<T> {
    const checked = parse(await this.get(path), check);
    if (!checked.ok) throw broken(checked.path);
    return checked.value;
  }

  /** A POST, its answer checked. Throws {@link Refused}. */
  async post<T>(path: string, body: unknown, check: Check<T>): Promise<T> {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { ...this.#headers(), 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw await refusal(answer);
    const checked = parse(await answer.text(), check);
    if (!checked.ok) throw broken(checked.path);
    return checked.value;
  }

  #headers(): Record<string, string> {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }
}

/** One for the page. */
export const session = new Session();
