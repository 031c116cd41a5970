/** How much a page downloads: the library minified and gzipped. */
import { BUNDLE_LIMIT_KB, bundleSize } from "../../scripts/bundle.ts";
import type { Case } from "../case.ts";

export const benchmark: Case = {
  name: "size",
  question: "How many kilobytes does a page download?",
  async prepare() {
    const { minified, gzipped } = (await bundleSize())!;
    return { kind: "figures", fields: { minified, gzipped, limit: BUNDLE_LIMIT_KB } };
  },
};
