package job

import _ "embed"

// PINNReference is a job file of kind pinn with every key, its default and its
// legal values.
//
//go:embed pinn_reference.yaml
var PINNReference string
