/** Whom one may sign in as in a drill, as `GET /api/drill/roles` answers it. */

import type { Text } from '../live';
import { list, number, object, orNull, text } from '../stream/checks';

export interface DrillRole {
  actor: number;
  name: string;
  role: string;
  area: number;
  task_force: Text | null;
}

export const rolesCheck = object<{ roles: DrillRole[] }>({
  roles: list(
    object<DrillRole>({ actor: number, name: text, role: text, area: number, task_force: orNull(object<Text>({ zh: text, en: text })) }),
  ),
});
