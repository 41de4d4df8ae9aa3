/** Small checks that say where a value is not what the contract promises. */

/** Answers the path of the first wrong value, or `null` when all is right. */
export type Check<T> = ((value: unknown, path: string) => string | null) & { readonly of?: T };

const is = (kind: 'number' | 'string' | 'boolean') => (value: unknown, path: string) =>
  typeof value === kind ? null : `${path}: ${kind}`;

export const text: Check<string> = is('string');
export const flag: Check<boolean> = is('boolean');
export const number: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? null : `${path}: number`;

/** One of a closed list of words. */
export function oneOf<const T extends string>(...allowed: T[]): Check<T> {
  return (value, path) => (allowed.some((word) => word === value) ? null : `${path}: ${allowed.join(' | ')}`);
}

export function orNull<T>(inner: Check<T>): Check<T | null> {
  return (value, path) => (value === null ? null : inner(value, path));
}

export function list<T>(inner: Check<T>): Check<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path}: list`;
    for (const [index, item] of value.entries()) {
      const wrong = inner(item, `${path}[${index}]`);
      if (wrong) return wrong;
    }
    return null;
  };
}

/** Every field of the type must be named here, so that a new field cannot be forgotten. */
export function object<T extends object>(fields: { [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const checks = Object.entries(fields) as [string, Check<unknown>][];
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path}: object`;
    for (const [name, check] of checks) {
      const wrong = check((value as Record<string, unknown>)[name], path ? `${path}.${name}` : name);
      if (wrong) return wrong;
    }
    return null;
  };
}

export function anyOf<T>(...inner: Check<T>[]): Check<T> {
  return (value, path) => {
    const wrongs = inner.map((check) => check(value, path));
    return wrongs.includes(null) ? null : (wrongs[0] ?? path);
  };
}

/** The field may be left out. */
export function optional<T>(inner: Check<T>): Check<T> {
  return (value, path) => (value === undefined ? null : inner(value, path));
}

/** A checked value, or where it is wrong. */
export type Checked<T> = { ok: true; value: T } | { ok: false; path: string };

/** Parses JSON and checks it. */
export function parse<T>(json: string, check: Check<T>): Checked<T> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { ok: false, path: 'JSON' };
  }
  const wrong = check(value, '');
  return wrong === null ? { ok: true, value: value as T } : { ok: false, path: wrong };
}
