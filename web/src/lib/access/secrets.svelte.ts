/**
 * Secrets that the server told once: passwords, tokens, passphrases. They outlive every redrawing of a page, a failed read and a
 * way to another page, until somebody says that they are written down. They are never kept on the device.
 */

export interface Secret {
  /** Whose, or of what: a login name, a device's label, the number of an export. */
  name: string;
  secret: string;
  kind: 'password' | 'token' | 'passphrase';
  until: number | null;
}

class Secrets {
  /** The newest first. */
  #all: (Secret & { of: number | null })[] = $state.raw([]);

  /** Those of whoever is signed in: another one at the same browser sees none. */
  of(who: number | null): Secret[] {
    return this.#all.filter((one) => one.of === who);
  }

  add(who: number | null, secret: Secret): void {
    // Another secret for the same thing ends the one before.
    const others = this.#all.filter((one) => !(one.kind === secret.kind && one.name === secret.name));
    this.#all = [{ ...secret, of: who }, ...others];
  }

  /** It is written down. */
  dismiss(secret: string): void {
    this.#all = this.#all.filter((one) => one.secret !== secret);
  }

  /** Somebody signs out by their own will. */
  clear(): void {
    this.#all = [];
  }
}

/** One for the page. */
export const secrets = new Secrets();
