/** The formats whose damaged copies are read, by name; of a dataset, with the manifest that it is read by. */
export const samples: Readonly<Record<string, { readonly manifest?: string }>>;
