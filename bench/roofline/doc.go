// Package roofline derives what the acoustic kernels can reach on GPUs that nobody here
// has run them on: the traffic and the operations of a scheme, the registers and the local
// memory that compilers give its kernels, how many work items a processor then holds, and
// the ceilings of a card (Williams, Waterman, Patterson, Commun. ACM 52 (2009) 65-76).
//
// Nothing in it is measured. [WriteTables] writes the section "GPUs: derived, not measured"
// of bench/README.md; kernels.csv is what compilers said, written by
//
//	go test ./bench/roofline -run Kernels -update
package roofline
