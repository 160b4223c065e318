/* gitops/kustomize/edit.h: an image in the text of a kustomization, as `kustomize edit set image` writes it. Pure.
 *
 * Only the lines that must change are changed: comments, order and all else stay as the author wrote them.
 */
#pragma once
#include "base/err.h"

/* Sets an image in the text of a kustomization. `image` is NAME:TAG, NAME@DIGEST, or NAME=NEWNAME:TAG. *ret_text is the
 * new text, in the arena. If the text has this image already, it is the pointer `text`, so that the caller sees that
 * there is nothing to write. The error names the file and the part of it that cannot be changed. */
struct err *k_edit_image(struct arena *, const char *text, const char *file, const char *image, const char **ret_text);
