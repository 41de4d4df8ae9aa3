/** The map library, loaded on its own once the figures stand. Its worker is a file of ours, not one it guesses. */

import * as maplibre from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';

maplibre.setWorkerUrl(new URL(workerUrl, import.meta.url).href);

export { maplibre };
