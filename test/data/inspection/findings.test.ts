// What an inspection finds in catalogues made by hand, and what it leaves in peace.
import { describe, expect, test } from "vitest";
import {
  inspect,
  type FindingKind,
  type InspectionFinding,
  type OpenedList,
} from "../../../src/data/inspection/index.ts";
import { opened } from "./catalogues.ts";

const classes = ["Edema", "Mass"];
/** So that no class lacks anything. */
const complete = [
  { id: "p", labels: "+-" },
  { id: "q", labels: "-+" },
];
const about = (kind: FindingKind, lists: readonly OpenedList[]): InspectionFinding[] =>
  inspect(classes, lists, []).findings.filter((finding) => finding.kind === kind);
const sentences = (kind: FindingKind, lists: readonly OpenedList[]): string[] =>
  about(kind, lists).map(({ sentence }) => sentence);

test("a catalogue in order has no findings, and says what was looked for", () => {
  const { findings, clean } = inspect(
    classes,
    [
      opened("A", "train", [...complete, { id: "1", labels: "+.", patient: "7" }]),
      opened("A", "test", [
        { id: "2", labels: "+-", patient: "8" },
        { id: "3", labels: "-+" },
      ]),
    ],
    [],
  );
  expect(findings).toEqual([]);
  expect(clean).toEqual([
    "No image is in two parts.",
    "No patient is in two parts (3 images name no patient).",
    "No image is positive in one place and negative in another.",
    "Every class has positive and negative images to train on.",
    "No image occurs twice.",
    "Every image can be decoded.",
  ]);
});

test("that no patient is in two parts is said of the datasets inside which names were compared", () => {
  const one = (source: string, part: "train" | "test", dataset?: string): OpenedList =>
    opened(source, part, [...complete, { id: `${source}${part}`, labels: "+.", patient: source }], dataset);
  const { clean } = inspect(classes, [one("A", "train", "x"), one("B", "test", "x"), one("C", "test")], []);
  expect(clean).toContain(
    'No patient is in two parts, by name inside each of these, not between them: "A" and "B"; "C" (6 images name no patient).',
  );
});

describe("an image in two parts", () => {
  test("is a leak, whatever its name, and named with both places", () => {
    const lists = [
      opened("A", "train", [...complete, { id: "a.png", labels: "+-", hash: "same" }]),
      opened("A", "test", [
        ...complete.map(({ id, labels }) => ({ id: `${id}2`, labels })),
        { id: "b.jpg", labels: "+-", hash: "same" },
      ]),
    ];
    const [leak] = about("leaked-image", lists);
    expect(leak.severity).toBe("leak");
    expect(leak.sentence).toBe('1 image is in two parts of "A": train and test.');
    expect(leak.cases).toEqual([
      {
        samples: [
          { source: "A", part: "train", id: "a.png" },
          { source: "A", part: "test", id: "b.jpg" },
        ],
      },
    ]);
    expect(inspect(classes, lists, []).clean).not.toContain("No image is in two parts.");
  });

  test("is counted once for each pair of parts, however often it is there", () => {
    const copies = (part: string, count: number): { id: string; labels: string; hash: string }[] =>
      Array.from({ length: count }, (_, i) => ({ id: `${part}${i}`, labels: "+-", hash: "same" }));
    const lists = [
      opened("A", "train", copies("t", 3)),
      opened("A", "validation", copies("v", 2)),
      opened("B", "test", copies("e", 1)),
    ];
    expect(sentences("leaked-image", lists)).toEqual([
      '1 image is in two parts of "A": train and validation.',
      '1 image is in two parts: "A" (train) and "B" (test).',
      '1 image is in two parts: "A" (validation) and "B" (test).',
    ]);
  });

  test("of which nothing is decoded is no finding: it has no pixels to compare", () => {
    const broken = [{ id: "x", labels: "+-", hash: null }];
    expect(about("leaked-image", [opened("A", "train", broken), opened("A", "test", broken)])).toEqual([]);
  });
});

describe("a patient", () => {
  const one = (id: string, patient: string) => [{ id, labels: "+-", patient }];

  test("in two parts is a leak", () => {
    const [leak] = about("leaked-patient", [
      opened("A", "train", one("1", "57")),
      opened("A", "test", one("2", "57")),
    ]);
    expect(leak.severity).toBe("leak");
    expect(leak.sentence).toBe('1 patient is in two parts of "A": train and test.');
    expect(leak.cases[0]?.patient).toBe("57");
  });

  test("of another dataset is another patient, though called the same", () => {
    expect(
      about("leaked-patient", [opened("A", "train", one("1", "57")), opened("B", "test", one("2", "57"))]),
    ).toEqual([]);
  });

  test("of one dataset is known across its sources", () => {
    const lists = [opened("A", "train", one("1", "57"), "nih"), opened("B", "test", one("2", "57"), "nih")];
    expect(sentences("leaked-patient", lists)).toEqual([
      '1 patient is in two parts: "A" (train) and "B" (test).',
    ]);
    const beside = [opened("A", "train", one("1", "57"), "nih"), opened("B", "train", one("2", "57"), "nih")];
    expect(about("leaked-patient", beside)).toEqual([]);
    expect(sentences("shared-patient", beside)).toEqual([
      '1 patient is in two sources of train: "A" and "B".',
    ]);
  });

  test("that nobody names is said not to be looked for", () => {
    const { clean } = inspect(classes, [opened("A", "train", complete)], []);
    expect(clean).toContain("No image names a patient, so a patient in two parts would not be found.");
  });

  test("who was ill and is well again is no conflict: only equal pixels are", () => {
    const lists = [
      opened("A", "train", [
        { id: "1", labels: "+-", patient: "57" },
        { id: "2", labels: "-+", patient: "57" },
      ]),
    ];
    expect(about("conflicting-labels", lists)).toEqual([]);
  });
});

describe("labels of one image", () => {
  const pair = (first: string, second: string) => [
    opened("A", "train", [{ id: "1", labels: first, hash: "same" }]),
    opened("B", "train", [{ id: "2", labels: second, hash: "same" }]),
  ];

  test("conflict where one source says positive and the other negative", () => {
    const [conflict, ...others] = about("conflicting-labels", pair("-+", "+."));
    expect(others).toEqual([]);
    expect(conflict.severity).toBe("conflict");
    expect(conflict.sentence).toBe("Edema: 1 image is positive in one place and negative in another.");
    expect(conflict.cases).toEqual([
      {
        class: "Edema",
        samples: [
          { source: "B", part: "train", id: "2" },
          { source: "A", part: "train", id: "1" },
        ],
      },
    ]);
  });

  test.each([
    ["+-", "+-"],
    ["+.", ".-"],
    ["~-", "+-"],
  ])("%s and %s do not conflict, and the image is said to be in two sources", (first, second) => {
    expect(about("conflicting-labels", pair(first, second))).toEqual([]);
    expect(sentences("shared-image", pair(first, second))).toEqual([
      '1 image is in two sources of train: "A" and "B".',
    ]);
  });
});

describe("a class", () => {
  test("that no source knows is found, and is not called unlearnable as well", () => {
    const lists = [
      opened("A", "train", [
        { id: "1", labels: "+." },
        { id: "2", labels: "-." },
      ]),
    ];
    expect(inspect(classes, lists, []).findings.map(({ sentence }) => sentence)).toEqual([
      "No source knows Mass: every label is absent.",
    ]);
  });

  test("without positives or negatives to train on is found; a probability may be either", () => {
    const lists = [opened("A", "train", [{ id: "1", labels: "-~" }])];
    expect(inspect(classes, lists, []).findings.map(({ kind, sentence }) => [kind, sentence])).toEqual([
      ["class-without-positives", "No image to train on is positive for Edema: it cannot be learned."],
    ]);
    expect(sentences("class-without-negatives", [opened("A", "train", [{ id: "1", labels: "++" }])])).toEqual(
      ["No image to train on is negative for Edema, Mass: it cannot be learned."],
    );
  });

  test("that no image to train on has a label of is found once, where there are any", () => {
    const tested = opened("T", "test", [
      { id: "3", labels: "-+" },
      { id: "4", labels: "+-" },
    ]);
    const taught = opened("A", "train", [
      { id: "1", labels: "+." },
      { id: "2", labels: "-." },
    ]);
    expect(
      inspect(classes, [taught, tested], []).findings.map(({ kind, sentence }) => [kind, sentence]),
    ).toEqual([
      [
        "untaught-class",
        "No image to train on has a label of Mass: only a model that learned it before knows it.",
      ],
    ]);
    const alone = inspect(classes, [tested], []);
    expect([alone.findings, alone.clean.filter((each) => /train on/.test(each))]).toEqual([[], []]);
  });

  test("that a test cannot score is found", () => {
    const lists = [
      opened("A", "train", complete),
      opened("T", "test", [
        { id: "1", labels: "-+" },
        { id: "2", labels: "+." },
      ]),
    ];
    expect(sentences("class-without-score", lists)).toEqual([
      "No test image is negative for Mass: the AUC is undefined there.",
    ]);
  });
});

test("a source that shares no class with another, and one without labels, are found", () => {
  const lists = [
    opened("A", "train", [{ id: "1", labels: "+." }]),
    opened("B", "train", [{ id: "2", labels: ".-" }]),
    opened("C", "train", [{ id: "3", labels: ".." }]),
  ];
  expect(sentences("lonely-source", lists)).toEqual([
    '"A" shares no class with another source.',
    '"B" shares no class with another source.',
  ]);
  expect(sentences("list-without-labels", lists)).toEqual(['Every label of "C" (train) is absent.']);
});

test("copies inside a list are counted beyond the first of each", () => {
  const copies = [1, 2, 3, 4, 5].map((i) => ({
    id: `${i}`,
    labels: "+-",
    hash: i < 4 ? "same" : `other ${i}`,
  }));
  const [copied] = about("duplicate-images", [opened("A", "train", copies)]);
  expect(copied.severity).toBe("duplicates");
  expect(copied.sentence).toBe(
    '2 images in "A" (train) are exact copies of another there: 3 of 5 are different.',
  );
  expect(copied.cases.map(({ samples }) => samples.map(({ id }) => id))).toEqual([["1", "2", "3"]]);
});

test("images that cannot be decoded are named with the reason, after all graver findings", () => {
  const lists = [
    opened("A", "train", [
      ...complete,
      { id: "bad.png", labels: "+-", hash: null },
      { id: "x", labels: "+-", hash: "same" },
    ]),
    opened("A", "validation", [
      { id: "y", labels: "+-", hash: "same" },
      { id: "z", labels: "-+" },
    ]),
  ];
  const { findings } = inspect(classes, lists, [{ list: 0, row: 2, reason: "is cut short" }]);
  expect(findings.map(({ kind }) => kind)).toEqual(["leaked-image", "undecodable-image"]);
  expect(findings[1]).toMatchObject({
    sentence: '1 image of "A" (train) cannot be decoded.',
    cases: [{ samples: [{ source: "A", part: "train", id: "bad.png" }], reason: "is cut short" }],
  });
});
