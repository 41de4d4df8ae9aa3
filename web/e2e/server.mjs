/** What the server itself says, to compare the page with. */

const WAIT_MS = 20_000;

/** The first event of `/api/live`. */
export async function firstMoment(base) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error('no live event within 20 s')), WAIT_MS);
  try {
    const answer = await fetch(`${base}/api/live`, { headers: { Accept: 'text/event-stream' }, signal: abort.signal });
    if (!answer.ok) throw new Error(`/api/live answers ${answer.status}`);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) {
      text += decoder.decode(chunk, { stream: true });
      const found = /(?:^|\n)event: ?live\r?\ndata: ?(.*)\r?\n\r?\n/.exec(text);
      if (found) return JSON.parse(found[1]);
    }
    throw new Error('/api/live ended without a live event');
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** The outlines of the villages. */
export async function boundaries(base, under) {
  const answer = await fetch(`${base}/api/registry/boundaries?under=${under}&level=village`);
  if (!answer.ok) throw new Error(`/api/registry/boundaries answers ${answer.status}`);
  return answer.json();
}
