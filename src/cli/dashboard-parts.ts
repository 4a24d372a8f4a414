// What the dashboard consists of, as one module: it is the only one that brings Ink and React, and
// the only one that the bundle of the commands that serve leaves outside.

import { ReplogClient } from '../client/client.ts';
import { farewellLines } from '../dashboard/screen/farewell.ts';
import { paletteFor } from '../dashboard/screen/paint.ts';
import { openDashboard } from '../dashboard/terminal/open.ts';

/** All that is needed to open it. */
export interface DashboardParts {
  readonly ReplogClient: typeof ReplogClient;
  readonly farewellLines: typeof farewellLines;
  readonly openDashboard: typeof openDashboard;
  readonly paletteFor: typeof paletteFor;
}

export const dashboardParts: DashboardParts = {
  ReplogClient,
  farewellLines,
  openDashboard,
  paletteFor,
};
