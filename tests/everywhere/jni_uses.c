/*
 * An agent for the JVM that prints what Leasehold's library looks up of Java: a native image has of Java what it was told
 * of, and nothing else. GraalVM's own agent would tell the same.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <jni.h>
#include <jvmti.h>
#include <stdio.h>
#include <string.h>

static jvmtiEnv *jvmti;
static struct JNINativeInterface_ *original;

/* Whether the caller is Leasehold's, and not one of the JVM's own libraries. */
static int is_ours(void *caller) {
    Dl_info library;
    return dladdr(caller, &library) && library.dli_fname && strstr(library.dli_fname, "leasehold_java");
}

static void print_member(void *caller, jclass class, const char *name, const char *signature) {
    char *of = NULL;
    if (is_ours(caller) && (*jvmti)->GetClassSignature(jvmti, class, &of, NULL) == JVMTI_ERROR_NONE) {
        printf("looked up: %s %s %s\n", of, name, signature);
        (*jvmti)->Deallocate(jvmti, (unsigned char *) of);
    }
}

static jclass JNICALL find_class(JNIEnv *env, const char *name) {
    if (is_ours(__builtin_return_address(0))) {
        printf("looked up: L%s;\n", name);
    }
    return original->FindClass(env, name);
}

#define MEMBER(type, function)                                                                                     \
    static type JNICALL print_##function(JNIEnv *env, jclass class, const char *name, const char *signature) {     \
        print_member(__builtin_return_address(0), class, name, signature);                                         \
        return original->function(env, class, name, signature);                                                    \
    }

MEMBER(jmethodID, GetMethodID)
MEMBER(jmethodID, GetStaticMethodID)
MEMBER(jfieldID, GetFieldID)
MEMBER(jfieldID, GetStaticFieldID)

static void JNICALL started(jvmtiEnv *agent, JNIEnv *env, jthread thread) {
    (void) env;
    (void) thread;
    struct JNINativeInterface_ *functions;
    if ((*agent)->GetJNIFunctionTable(agent, &original) || (*agent)->GetJNIFunctionTable(agent, &functions)) {
        return;
    }
    functions->FindClass = find_class;
    functions->GetMethodID = print_GetMethodID;
    functions->GetStaticMethodID = print_GetStaticMethodID;
    functions->GetFieldID = print_GetFieldID;
    functions->GetStaticFieldID = print_GetStaticFieldID;
    (*agent)->SetJNIFunctionTable(agent, functions);
}

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved) {
    (void) options;
    (void) reserved;
    jvmtiEventCallbacks callbacks = {.VMInit = started};
    if ((*vm)->GetEnv(vm, (void **) &jvmti, JVMTI_VERSION_1_2)
        || (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks)
        || (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL)) {
        return JNI_ERR;
    }
    return JNI_OK;
}
