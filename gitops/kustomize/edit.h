/* gitops/kustomize/edit.h: an image in the text of a kustomization, as `kustomize edit set image` writes it. Pure.
 *
 * Only the lines that must change are changed: comments, order and all else stay as the author wrote them.
 */
#pragma once
#include "base/err.h"

/* `image`: NAME:TAG, NAME@DIGEST, or NAME=NEWNAME:TAG. The new text, in the arena; the same pointer when it says so
 * already. The error names the file and what of it cannot be changed. */
struct err *k_edit_image(struct arena *, const char *text, const char *file, const char *image, const char **ret_text);
