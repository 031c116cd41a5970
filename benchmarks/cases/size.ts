/** How much a page downloads: the library minified and gzipped. */
import { BUNDLE_LIMIT_KB, weighLibrary, weighPage } from "../../scripts/bundle.ts";
import type { Case } from "../case.ts";

export const benchmark: Case = {
  name: "size",
  question: "How many kilobytes does a page download?",
  async prepare() {
    const [library, page] = [await weighLibrary(), await weighPage()];
    const fields = { page: page.first, library: library.first, limit: BUNDLE_LIMIT_KB };
    return { kind: "figures", fields };
  },
};
