/* libckptfmt: read, write and verify checkpoint images (.ckpt).
 *
 * The byte-level specification is FORMAT.md. The library never prints, exits, forks or touches signals, and has no
 * mutable globals. A handle may be used from any thread, one at a time, except where a function says otherwise. */
#ifndef CKPTFMT_H
#define CKPTFMT_H

#include <ckptfmt/chunk.h>
#include <ckptfmt/edit.h>
#include <ckptfmt/format.h>
#include <ckptfmt/io.h>
#include <ckptfmt/reader.h>
#include <ckptfmt/record.h>
#include <ckptfmt/status.h>
#include <ckptfmt/stream.h>
#include <ckptfmt/verify.h>
#include <ckptfmt/version.h>
#include <ckptfmt/writer.h>

#endif
