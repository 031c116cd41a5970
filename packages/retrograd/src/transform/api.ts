/** The transforms as users name them: of functions of trees, not of graphs. */
export { type Axes, type BatchOptions, batch } from "./batched.ts";
export { type GradientOptions, grad, jvp, valueAndGrad, vjp } from "./derivatives.ts";
export { hessian, type JacobianOptions, jacobian } from "./jacobian.ts";
export { remat } from "./remat.ts";
