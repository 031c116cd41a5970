/** Weights as bytes, and under PyTorch's names. */
export { decodeSafetensors, encodeSafetensors, treeOf, type Weights } from "./safetensors.ts";
export { fromTorch, type TorchOptions, toTorch } from "./torch.ts";
