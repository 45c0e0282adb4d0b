/** One request of a REST service: method, path, what its query must have, headers it must have, action. */
export type RestAction = readonly [string, string, readonly string[], readonly string[], string];

export interface MotoEnvironment {
  /** The virtual environment's own Python, which has moto and boto3. */
  readonly python: string;
  /** By the name that requests are signed for. */
  readonly restActions: { readonly [service: string]: readonly RestAction[] };
}

export interface Moto extends MotoEnvironment {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** What it wrote, the end of it when that is much. */
  log(): string;
  stop(): Promise<void>;
}

/** Nothing is wrong with what is tested: this machine lacks what moto needs. The message says what to install. */
export class MotoUnavailable extends Error {}

/** The virtual environment in `out/`, made when it is not there yet. */
export function motoEnvironment(root?: string): Promise<MotoEnvironment>;

export function startMoto(root?: string): Promise<Moto>;
