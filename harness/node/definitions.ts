import type { CallSite } from '../model/node-event.ts';
import type { Definitions } from '../model/node-event-layout.ts';

/** Who must hear of a definition before an event uses it. */
export interface DefinitionListener {
  defineText(id: number, text: string): void;
  defineSite(id: number, site: CallSite): void;
}

/** Past this many, texts are forgotten and defined anew: peers' addresses have no end. */
const KEPT_TEXTS = 4096;
const KEPT_SITES = 65_536;

/** Numbers for the texts and call sites of one thread's events. Ids are never used again. */
export class DefinitionTable implements Definitions {
  listener: DefinitionListener | undefined;
  readonly #ids = new Map<string, number>();
  #texts: string[] = [];
  #firstTextId = 0;
  #forgottenTexts: readonly string[] = [];
  readonly #sites: CallSite[] = [];
  readonly #siteIds = new Map<string, number>();

  /** @returns −1 for undefined */
  textId(text: string | undefined): number {
    if (text === undefined) return -1;
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    if (this.#ids.size >= KEPT_TEXTS) {
      this.#ids.clear();
      this.#firstTextId += this.#texts.length;
      // An event that is being put together may hold one of them.
      this.#forgottenTexts = this.#texts;
      this.#texts = [];
    }
    const id = this.#firstTextId + this.#texts.length;
    this.#ids.set(text, id);
    this.#texts.push(text);
    this.listener?.defineText(id, text);
    return id;
  }

  /** @returns −1 when there are more than any program's code has: it makes code as it goes */
  siteId(site: CallSite): number {
    const key = JSON.stringify(site);
    const known = this.#siteIds.get(key);
    if (known !== undefined) return known;
    if (this.#sites.length >= KEPT_SITES) return -1;
    const id = this.#sites.push(site) - 1;
    this.#siteIds.set(key, id);
    this.listener?.defineSite(id, site);
    return id;
  }

  text(id: number): string | undefined {
    const index = id - this.#firstTextId;
    return index >= 0 ? this.#texts[index] : this.#forgottenTexts.at(index);
  }

  site(id: number): CallSite | undefined {
    return this.#sites[id];
  }
}
