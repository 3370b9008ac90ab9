/* The library's and the format's versions, and what makes a function public. */
#ifndef CKPTFMT_VERSION_H
#define CKPTFMT_VERSION_H

#define CKPT_LIBRARY_VERSION "1.0.0"

#if defined(__GNUC__)
#define CKPT_API __attribute__((visibility("default")))
#define CKPT_WARN_UNUSED __attribute__((warn_unused_result))
#else
#define CKPT_API
#define CKPT_WARN_UNUSED
#endif

#ifdef __cplusplus
#define CKPT_BEGIN_DECLS extern "C" {
#define CKPT_END_DECLS }
#else
#define CKPT_BEGIN_DECLS
#define CKPT_END_DECLS
#endif

CKPT_BEGIN_DECLS
/* The version of the library that is running, "1.0.0". Static. */
CKPT_API const char *ckpt_library_version(void);
CKPT_END_DECLS

#endif
