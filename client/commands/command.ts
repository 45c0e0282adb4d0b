import type { Services } from "../services.js";

/**
 * What each file of a command exports. `argument` is what lenses, hovers, trees, menus or keys gave; nothing when it
 * comes from the palette, and then the command asks. It rejects with what `services.report` tells.
 */
export type Run = (services: Services, argument: unknown) => Promise<void>;
