// Package jupyter brings the Go kernel GoNB to a machine's Jupyter: it builds
// the kernel at a pinned version with the user's own Go and writes the kernel
// specs that let notebooks import ritz without further ado.
//
// Everything lives in Jupyter's data folder (jupyter --data-dir):
//
//	kernels/ritz/              a kernel spec: kernel.json, a logo, the go.mod and
//	                           go.sum with which notebooks begin in module/, and
//	                           a copy of ritz in bin/
//	kernels/ritz-4-threads/    another
//	ritz/<id>/                 the programs gonb, goimports and gopls; id is made
//	                           of all that they are built from
package jupyter
