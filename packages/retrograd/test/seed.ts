/** Property tests draw the same cases at each run; FC_SEED=7 draws others, to look for new faults. */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
