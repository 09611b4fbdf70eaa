// Which labels of PadChest are kinds of others, as its publishers order them (tree_term_CUI_counts_160K.csv of the dataset): its
// reports name one or the other, so that a film with a laminar atelectasis is not labelled with an atelectasis.

/** By label, the labels that are kinds of it. */
const kindsOf: Readonly<Record<string, readonly string[]>> = {
  "calcified densities": [
    "calcified granuloma",
    "calcified adenopathy",
    "calcified pleural thickening",
    "calcified pleural plaques",
    "heart valve calcified",
    "calcified fibroadenoma",
  ],
  "calcified adenopathy": ["calcified mediastinal adenopathy"],
  granuloma: ["calcified granuloma"],
  adenopathy: ["calcified adenopathy"],
  nodule: ["multiple nodules"],
  pseudonodule: ["nipple shadow", "end on vessel"],
  pneumothorax: ["hydropneumothorax"],
  infiltrates: ["interstitial pattern", "alveolar pattern"],
  "interstitial pattern": [
    "ground glass pattern",
    "reticular interstitial pattern",
    "reticulonodular interstitial pattern",
    "miliary opacities",
  ],
  "alveolar pattern": ["consolidation", "air bronchogram"],
  consolidation: ["air bronchogram"],
  atelectasis: [
    "total atelectasis",
    "lobar atelectasis",
    "segmental atelectasis",
    "laminar atelectasis",
    "round atelectasis",
    "atelectasis basal",
  ],
  "fissure thickening": [
    "minor fissure thickening",
    "major fissure thickening",
    "loculated fissural effusion",
  ],
  "pleural thickening": ["apical pleural thickening", "calcified pleural thickening"],
  "pleural plaques": ["calcified pleural plaques"],
  "pleural effusion": [
    "loculated pleural effusion",
    "loculated fissural effusion",
    "hydropneumothorax",
    "empyema",
    "hemothorax",
  ],
  "vascular redistribution": ["central vascular redistribution"],
  "hilar enlargement": ["adenopathy", "vascular hilar enlargement"],
  "vascular hilar enlargement": ["pulmonary artery enlargement"],
  "aortic elongation": [
    "descendent aortic elongation",
    "ascendent aortic elongation",
    "aortic button enlargement",
    "supra aortic elongation",
  ],
  "mediastinal enlargement": [
    "superior mediastinal enlargement",
    "descendent aortic elongation",
    "ascendent aortic elongation",
    "aortic aneurysm",
    "mediastinal mass",
    "hiatal hernia",
  ],
  "superior mediastinal enlargement": ["goiter", "supra aortic elongation"],
  mass: ["mediastinal mass", "breast mass", "pleural mass", "pulmonary mass", "soft tissue mass"],
  "thoracic cage deformation": [
    "scoliosis",
    "kyphosis",
    "pectum excavatum",
    "pectum carinatum",
    "cervical rib",
  ],
  "vertebral degenerative changes": ["vertebral compression"],
  "vertebral compression": ["vertebral anterior compression"],
  "sclerotic bone lesion": ["blastic bone lesion"],
  fracture: ["clavicle fracture", "humeral fracture", "vertebral fracture", "rib fracture"],
  "rib fracture": ["callus rib fracture"],
  catheter: ["central venous catheter"],
  "central venous catheter": [
    "central venous catheter via subclavian vein",
    "central venous catheter via jugular vein",
    "central venous catheter via umbilical vein",
    "reservoir central venous catheter",
  ],
  "electrical device": ["dual chamber device", "single chamber device", "pacemaker", "dai"],
  "artificial heart valve": ["artificial mitral heart valve", "artificial aortic heart valve"],
  surgery: [
    "metal",
    "bone cement",
    "prosthesis",
    "surgery breast",
    "surgery neck",
    "surgery lung",
    "surgery heart",
    "surgery humeral",
  ],
  metal: ["osteosynthesis material", "sternotomy", "suture material"],
  prosthesis: ["humeral prosthesis", "mammary prosthesis", "endoprosthesis"],
  endoprosthesis: ["aortic endoprosthesis"],
  "surgery breast": ["mastectomy"],
  pneumonia: ["atypical pneumonia"],
  tuberculosis: ["tuberculosis sequelae"],
  "pulmonary fibrosis": ["post radiotherapy changes", "asbestosis signs"],
  "pulmonary hypertension": ["pulmonary artery hypertension", "pulmonary venous hypertension"],
};

const parentsOf = new Map<string, string[]>();
for (const [parent, kinds] of Object.entries(kindsOf)) {
  for (const kind of kinds) parentsOf.set(kind, [...(parentsOf.get(kind) ?? []), parent]);
}

function reached(label: string, next: (label: string) => readonly string[]): string[] {
  return next(label).flatMap((other) => [other, ...reached(other, next)]);
}

/** The labels that a label is a kind of, and those that are kinds of it, at any depth. */
export function relativesOf(label: string): ReadonlySet<string> {
  const kinds = (name: string): readonly string[] => (Object.hasOwn(kindsOf, name) ? kindsOf[name] : []);
  return new Set([...reached(label, (name) => parentsOf.get(name) ?? []), ...reached(label, kinds)]);
}
