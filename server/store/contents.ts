import * as path from "node:path";
import type { ContentId } from "../base/brand.js";
import { listIfThere, storeFailure } from "./files.js";
import type { Layout } from "./layout.js";
import type { Contents } from "./local.js";
import type { ResultRecord } from "./record.js";
import { storedResult } from "./record-format.js";
import type { RecordFolder } from "./records.js";
import type { StoredResult } from "./store.js";

/** Up to this many content ids are asked for one by one; after that, listings say which are there at all. */
const FEW = 64;

/**
 * Finds results by content id. A first run asks for every node and finds nothing: 256 listings answer that at a
 * tenth of what opening 100,000 files that are not there costs.
 */
export class ContentFinder implements Contents {
  readonly #layout: Layout;
  readonly #records: RecordFolder;
  readonly #accepts: (record: ResultRecord) => boolean;
  readonly #known = new Map<ContentId, StoredResult | undefined>();
  readonly #listed = new Map<string, ReadonlySet<string>>();

  constructor(layout: Layout, records: RecordFolder, accepts: (record: ResultRecord) => boolean) {
    this.#layout = layout;
    this.#records = records;
    this.#accepts = accepts;
  }

  find(content: ContentId): StoredResult | undefined {
    if (this.#known.has(content)) return this.#known.get(content);
    const result = this.#look(content);
    this.#known.set(content, result);
    return result;
  }

  #look(content: ContentId): StoredResult | undefined {
    try {
      if (this.#known.size >= FEW && !this.#list(content).has(content)) return undefined;
      const record = this.#records.adoptable(content);
      return record !== undefined && this.#accepts(record) ? storedResult(record) : undefined;
    } catch (error) {
      throw storeFailure(error, this.#layout.folder, "reading");
    }
  }

  #list(content: ContentId): ReadonlySet<string> {
    const folder = path.dirname(this.#layout.contentEntry(content));
    let names = this.#listed.get(folder);
    if (names === undefined) {
      names = new Set(listIfThere(folder));
      this.#listed.set(folder, names);
    }
    return names;
  }
}
