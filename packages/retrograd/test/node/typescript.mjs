// Lets a thread of a test read TypeScript: --import tsx does so on the main thread only.
import { register } from "tsx/esm/api";

register();
