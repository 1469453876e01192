/** The first step of loading: a pure function of plain data, run here or, where it takes long, in another process. */
export type Compile<F extends (...given: never[]) => unknown> = (
  ...given: Parameters<F>
) => ReturnType<F> | Promise<ReturnType<F>>;
