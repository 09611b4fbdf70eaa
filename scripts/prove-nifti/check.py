# Opens two NIfTI files with nibabel and fails unless the second is a label volume in the place of the first. See ../prove-nifti.mjs.
# usage: check.py VOLUME LABELS; prints the numbers of voxels by label as JSON
import json
import sys

import nibabel
import numpy

volume, labels = (nibabel.load(path) for path in sys.argv[1:])
assert labels.shape == volume.shape, f"shape {labels.shape}, not {volume.shape}"
assert numpy.array_equal(labels.affine, volume.affine), f"affine {labels.affine}, not {volume.affine}"
for form in ("get_qform", "get_sform"):
    assert numpy.array_equal(getattr(labels, form)(), getattr(volume, form)()), form
for code in ("qform_code", "sform_code", "xyzt_units"):
    assert labels.header[code] == volume.header[code], code
assert labels.header.get_zooms() == volume.header.get_zooms(), "zooms"
assert labels.get_data_dtype().newbyteorder("=") in (numpy.uint8, numpy.uint16), labels.get_data_dtype()
assert labels.header.get_intent()[0] == "label", labels.header.get_intent()
values, counts = numpy.unique(numpy.asanyarray(labels.dataobj), return_counts=True)
print(json.dumps({str(int(value)): int(count) for value, count in zip(values, counts)}))
