/* --schema: what --json prints, as JSON. */
#ifndef CKPTDUMP_SCHEMA_H
#define CKPTDUMP_SCHEMA_H

/* To stdout: the members of each view, then messages and enums by the descriptors of protobuf-c, with the meanings that the schemas' comments give. */
void schema_print(void);

#endif
