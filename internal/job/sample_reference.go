package job

import _ "embed"

// SampleReference is a job file of kind sample with every key, its default and
// its legal values.
//
//go:embed sample_reference.yaml
var SampleReference string
