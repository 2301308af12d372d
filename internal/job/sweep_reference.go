package job

import _ "embed"

// SweepReference is a job file of kind sweep with every key, its default and its
// legal values.
//
//go:embed sweep_reference.yaml
var SweepReference string
