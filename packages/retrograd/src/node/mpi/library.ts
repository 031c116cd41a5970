/**
 * The MPI library of this system, through koffi. MPICH and those of its family give objects as
 * small integers; Open MPI gives them as addresses of its own variables. That is all the
 * difference there is: both have the same functions.
 */
import { koffi as koffiHere } from "../native/koffi.ts";

/** An MPI library, with its objects; each function gives an error code, 0 when all is well. */
export interface Mpi {
  /** Name and file, for people. */
  readonly name: string;
  init(): number;
  /** Number of this process, and how many there are. */
  place(): { rank: number; count: number };
  /** Each rank sends block k (of so many 4-byte words) to rank k, and gets one from each. */
  exchange(from: ArrayBuffer, to: ArrayBuffer, words: number): Pending;
  /** Each rank sends one block, and gets all in the order of the ranks. */
  gather(from: ArrayBuffer, to: ArrayBuffer, words: number): Pending;
  finalize(): void;
  /** End all ranks. */
  abort(code: number): void;
}

/** What is under way: true when it is done. @throws Error with what MPI said */
export type Pending = () => boolean;

interface Handles {
  /** How C passes an object. */
  readonly type: "int" | "uintptr_t";
  readonly world: number;
  /** Four bytes, moved as they are. */
  readonly word: number;
  readonly returnErrors: number;
  readonly ignoreStatus: number;
}

/** From mpi.h of MPICH, whose ABI its family (Intel MPI, MVAPICH, Cray) keeps. */
const MPICH: Handles = {
  ...{ type: "int", world: 0x44000000, word: 0x4c00040a },
  ...{ returnErrors: 0x54000001, ignoreStatus: 1 },
};

/** Names of files, those of the launcher's own family first. */
const files = (launcher: "mpich" | "openmpi" | undefined): string[] => {
  const mpich = ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib"];
  const open = ["libmpi.so.40", "libmpi.40.dylib"];
  return launcher === "openmpi" ? [...open, ...mpich] : [...mpich, ...open];
};

/** The first library that there is; undefined without one, or without koffi. */
export function mpiLibrary(launcher?: "mpich" | "openmpi"): Mpi | undefined {
  const koffi: any = koffiHere();
  if (!koffi) return undefined;
  for (const file of files(launcher)) {
    try {
      setUcx(koffi);
      return bind(koffi, koffi.load(file, { global: true }), file);
    } catch {
      // the next one
    }
  }
  return undefined;
}

/**
 * UCX, below MPICH, ends a process at once whose neighbour dies while its memory is being read; it
 * rewrites mmap and its kin in memory while other threads of the engine run through them; and it
 * takes the signals by which the engine knows a bad access of WebAssembly. It reads what is set
 * while it is loaded, and complains of what is set later.
 */
const UCX = { UCX_TLS: "^cma", UCX_MEM_EVENTS: "n", UCX_ERROR_SIGNALS: "" };

/** Unless the user did. In a thread of Node process.env is a copy, which no library sees. */
function setUcx(koffi: any): void {
  const set = koffi.load(null).func("int setenv(const char *name, const char *value, int over)");
  for (const [name, value] of Object.entries(UCX)) set(name, value, 0);
}

function openMpi(koffi: any, library: any): Handles | undefined {
  const place = (name: string) => Number(koffi.address(library.symbol(name)));
  try {
    return {
      ...{ type: "uintptr_t", world: place("ompi_mpi_comm_world"), word: place("ompi_mpi_float") },
      ...{ returnErrors: place("ompi_mpi_errors_return"), ignoreStatus: 0 },
    };
  } catch {
    return undefined; // it has no such variables
  }
}

function bind(koffi: any, library: any, file: string): Mpi {
  const open = openMpi(koffi, library),
    { type: H, world, word, returnErrors, ignoreStatus } = open ?? MPICH;
  const f = (prototype: string) => library.func(prototype);
  const init = f("int MPI_Init(uintptr_t count, uintptr_t words)");
  const onError = f(`int MPI_Comm_set_errhandler(${H} comm, ${H} handler)`);
  const rankOf = f(`int MPI_Comm_rank(${H} comm, _Out_ int *rank)`);
  const sizeOf = f(`int MPI_Comm_size(${H} comm, _Out_ int *size)`);
  const blocks = `uintptr_t from, int n, ${H} type, uintptr_t to, int m, ${H} other`;
  const alltoall = f(`int MPI_Ialltoall(${blocks}, ${H} comm, _Out_ ${H} *request)`);
  const allgather = f(`int MPI_Iallgather(${blocks}, ${H} comm, _Out_ ${H} *request)`);
  const test = f(`int MPI_Test(_Inout_ ${H} *request, _Out_ int *done, uintptr_t status)`);
  const finalize = f("int MPI_Finalize()");
  const abort = f(`int MPI_Abort(${H} comm, int code)`);
  const must = (code: number) => {
    if (code !== 0) throw new Error(`MPI answered with error ${code}`);
  };
  const number = (ask: (comm: number, out: number[]) => number): number => {
    const out = [0];
    must(ask(world, out));
    return out[0];
  };
  const begin =
    (collective: any) =>
    (from: ArrayBuffer, to: ArrayBuffer, words: number): Pending => {
      const request = [0],
        done = [0];
      const [a, b] = [koffi.address(from), koffi.address(to)];
      must(collective(a, words, word, b, words, word, world, request));
      // Held until all is done: MPI knows addresses, which the garbage collector does not see.
      const held = [from, to];
      return () => {
        must(test(request, done, ignoreStatus));
        return held.length > 0 && done[0] !== 0;
      };
    };
  return {
    name: `${open ? "Open MPI" : "MPICH"} (${file})`,
    init: () => init(0, 0) || onError(world, returnErrors),
    place: () => ({ rank: number(rankOf), count: number(sizeOf) }),
    exchange: begin(alltoall),
    gather: begin(allgather),
    finalize: () => void finalize(),
    abort: (code) => void abort(world, code),
  };
}
