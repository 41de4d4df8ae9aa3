/** The last good moment from the server, and how the line to it stands. */

import { session } from '../access/session.svelte';
import type { Live, Text } from '../live';
import { connect, type ConnectionState } from './connection';

class Now {
  live: Live | null = $state.raw(null);
  connection: ConnectionState = $state.raw({ kind: 'connecting' });
  /** Why nothing can be written at present; `null` while all is well. */
  paused: Text | null = $state.raw(null);
  /** Where the last event broke the contract; `null` when it was right. */
  misunderstood: string | null = $state(null);

  /** Opens the stream as whoever is signed in. Answers a function that closes it. */
  open(): () => void {
    return connect('api/live', {
      live: (moment) => {
        this.live = moment;
        this.misunderstood = null;
      },
      paused: (why) => {
        this.paused = why;
      },
      misunderstood: (path) => {
        this.misunderstood = path;
      },
      state: (state) => {
        if (state.kind === 'sign_in' && session.who !== null) {
          // Until a second factor is set up, nothing can be watched, and the sign-in page asks for it.
          if (session.secondFactor === 'to_enrol') return;
          // The session has ended or may not watch: without it the stream is opened anew, as an onlooker where there is one.
          session.outside = state.outside;
          void session.signOut();
          return;
        }
        this.connection = state;
      },
    });
  }

  /** Figures are shown that may be old. */
  get stale(): boolean {
    return this.live !== null && this.connection.kind === 'lost';
  }
}

/** One for the page. */
export const now = new Now();
