/** What a certificate says in words: who disagrees, by how much, where, and what that points to. */
import type { Stopped } from "./measure.ts";
import type { Way } from "./ways.ts";

/** How far a way is from the derivative, and where it is furthest. */
export interface WayReport {
  readonly way: Way;
  /** |found − derivative| / size of the derivative at that place; 0 where it could not be run. */
  readonly relative: number;
  readonly where: string;
  readonly agrees: boolean;
  /** Why it could not be run. */
  readonly missing?: string;
}

export interface Certificate {
  readonly agrees: boolean;
  readonly ways: readonly WayReport[];
  /** The largest disagreement. */
  readonly worst: { readonly way: Way; readonly relative: number; readonly where: string };
  /** Largest disagreement of any way, by parameter and by time step. */
  readonly places: readonly { readonly name: string; readonly relative: number }[];
  /** Places where slopes differ on both sides; these were judged beside it. */
  readonly kinks: readonly { readonly name: string; readonly jump: number }[];
  /** How much of the derivative stopGradient takes away, at the place where it takes most; or 0. */
  readonly stopped: Stopped;
  /** The op whose rule is wrong, where one is. */
  readonly blamed: string | undefined;
  readonly sentence: string;
}

/** A place, and how far each way is off there. */
export interface Judged {
  readonly name: string;
  /** Whether the differences are sure enough to decide anything. */
  readonly resolved: boolean;
  off(way: Way): number;
  /** Disagreement that is rounding. */
  tolerance(way: Way): number;
}

export interface Findings {
  readonly ways: readonly Way[];
  readonly missing: ReadonlyMap<Way, string>;
  readonly places: readonly Judged[];
  readonly kinks: Certificate["kinks"];
  readonly stopped: Certificate["stopped"];
  blame(): string | undefined;
}

export function describeCertificate(found: Findings): Certificate {
  const { places, missing, kinks, stopped } = found;
  const ways = found.ways.map((way) => reportOf(way, places));
  for (const [way, reason] of missing)
    ways.push({ way, relative: 0, where: "", agrees: true, missing: reason });
  const wrong = ways.filter(({ agrees }) => !agrees);
  const worst = ways.reduce((a, b) => (rank(b.relative) > rank(a.relative) ? b : a));
  const agrees = wrong.length === 0;
  const blamed = agrees ? undefined : found.blame();
  const certificate = {
    ...{ agrees, ways, kinks, stopped, blamed },
    worst: { way: worst.way, relative: worst.relative, where: worst.where },
    places: places.map(({ name, off }) => ({ name, relative: Math.max(...found.ways.map(off)) })),
  };
  const rough = places.filter(({ resolved }) => !resolved).map(({ name }) => name);
  return {
    ...certificate,
    sentence: [sentenceOf(certificate, wrong), roughSentence(rough)].join(""),
  };
}

/** How far a way is off where it is furthest off. */
function reportOf(way: Way, places: readonly Judged[]): WayReport {
  const worst = places.reduce((a, b) => (rank(b.off(way)) > rank(a.off(way)) ? b : a));
  const agrees = places.every(({ off, tolerance }) => off(way) <= tolerance(way));
  return { way, relative: worst.off(way), where: worst.name, agrees };
}

const roughSentence = ([first, ...rest]: readonly string[]): string =>
  first === undefined
    ? ""
    : ` At ${first}${rest.length ? ` and ${rest.length} more` : ""} the loss is too rough for differences to tell.`;

const rank = (x: number): number => (Number.isNaN(x) ? Infinity : x);

function sentenceOf(c: Omit<Certificate, "sentence">, wrong: readonly WayReport[]): string {
  if (wrong.length > 0) return disagreement(c, wrong);
  const ran = c.ways.filter(({ missing }) => missing === undefined).length;
  const digits = c.worst.relative === 0 ? "exactly" : `to ${c.worst.relative.toExponential(0)}`;
  const lacking = c.ways.filter(({ missing }) => missing !== undefined).map(({ way }) => way);
  return [
    `${ran} ways of computing the gradient agree ${digits} at every parameter and time step.`,
    ...(lacking.length ? [`Not possible here: ${lacking.join(", ")}.`] : []),
    ...(c.kinks.length ? [kinkSentence(c.kinks)] : []),
    ...(c.stopped.relative > 0 ? [stopSentence(c.stopped)] : []),
  ].join(" ");
}

const kinkSentence = (kinks: Certificate["kinks"]): string => {
  const [{ name }] = kinks;
  const more = kinks.length > 1 ? ` and ${kinks.length - 1} more` : "";
  return `The loss has a kink here (${name}${more}: its slopes differ on both sides, as of relu at 0), so these were compared beside it.`;
};

const stopSentence = ({ relative, where }: Certificate["stopped"]): string =>
  `stopGradient takes part of the derivative away on purpose: at ${where} the gradient is ${percent(relative)} off the derivative of the value.`;

const percent = (x: number): string =>
  x < 0.01 ? `${(100 * x).toPrecision(1)} %` : `${Math.round(100 * x)} %`;

/** Who is wrong says where to look. */
function disagreement(c: Omit<Certificate, "sentence">, wrong: readonly WayReport[]): string {
  const names = wrong.map(({ way }) => way);
  const worst = wrong.reduce((a, b) => (rank(b.relative) > rank(a.relative) ? b : a));
  const found = Number.isNaN(worst.relative)
    ? `The gradient is not a number at ${worst.where}`
    : worst.where === "the loss itself"
      ? `The compiled program gives another loss, ${percent(worst.relative)} off`
      : `The gradient is wrong: at ${worst.where} it is ${percent(worst.relative)} off the derivative`;
  const only = (...ways: Way[]) => names.length > 0 && names.every((way) => ways.includes(way));
  const cause = c.blamed
    ? `look at ${c.blamed}`
    : only("compiled")
      ? "only the compiled program is off, the same gradient op by op is right"
      : only("checkpointed")
        ? "only recomputation (remat) is off"
        : only("forward")
          ? "only forward mode is off"
          : only("bptt", "checkpointed", "compiled")
            ? "the steps written out are right, so the backward of the loop is off"
            : "the loss may jump or be too rough to be differentiated there";
  return `${found} (${names.join(", ")}); ${cause}.`;
}
