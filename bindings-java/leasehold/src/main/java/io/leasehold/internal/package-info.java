/** What the jars of Leasehold share, and programs do not use. */
package io.leasehold.internal;
