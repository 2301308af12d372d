package job

import _ "embed"

// StencilReference is a job file of kind stencil with every key, its default and
// its legal values.
//
//go:embed stencil_reference.yaml
var StencilReference string
