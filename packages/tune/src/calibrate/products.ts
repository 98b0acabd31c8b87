import { type ProductJob, plainAddProduct } from "@pippin/kernels";

/** Where sums of matrix products are computed: `createProductPool` of `@pippin/kernels/node`, or here. */
export interface Products {
  /** F32 zeros that products may use. */
  allocate(length: number): Float32Array;
  /** C += factor · Aᵀ · B. */
  addProduct(job: ProductJob): void;
}

/** On the calling thread, in double precision: for small matrices and for tests. */
export const plainProducts: Products = {
  allocate: (length) => new Float32Array(length),
  addProduct: plainAddProduct,
};
