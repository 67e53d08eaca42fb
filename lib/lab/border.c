/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * border.c - linked behind libng's own code and before the node types: what lies behind it counts as code under test, where
 * plain accesses are points of the search, too. In libng's own code the race detector's word on them is enough.
 */
void ngu__lab_border(void);
void
ngu__lab_border(void)
{
}
